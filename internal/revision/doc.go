// Package revision tells who uses which control plane: which namespaces it injects, which proxies are attached to it,
// and whether it can go. Everything in it is computed from a Cluster, which package census reads; it is pure.
package revision
