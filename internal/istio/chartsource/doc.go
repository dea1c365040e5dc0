// Package chartsource fetches Istio's Helm charts from where they are published: a Helm repository,
// an OCI registry or a directory. What was fetched is checked, kept on disk, and used from there.
package chartsource
