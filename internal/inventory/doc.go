// Package inventory tells what runs on a cluster, as operators of a mesh think of it: namespaces, services, workloads with
// their pods, and which of them are in the mesh. What it tells is computed from plain Kubernetes objects by pure functions;
// Cache keeps those objects up to date by watches, without the fields that nobody reads.
package inventory
