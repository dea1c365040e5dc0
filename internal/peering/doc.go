// Package peering makes one mesh of the control planes of several clusters: what each cluster tells the others of its
// control planes, and what follows for a cluster from what it has been told. It is pure; package attach acts.
package peering
