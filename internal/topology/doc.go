// Package topology computes the graph of a mesh's traffic from samples of Istio's standard metrics and from the
// inventory. It is pure.
package topology
