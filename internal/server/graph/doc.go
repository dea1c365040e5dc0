// Package graph is the GraphQL API: it answers in the signed-in user's name, with what Kubernetes lets that user read.
package graph
