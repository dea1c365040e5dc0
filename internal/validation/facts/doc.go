// Package facts derives from a mesh's objects what many checks need: workloads, hosts, control planes, who is in the
// mesh, and how mutual TLS is set. Everything is kept until an object that it is derived from changes.
package facts
