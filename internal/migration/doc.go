// Package migration moves the workloads of a namespace from one control plane to another: it labels the namespace and
// restarts the workloads, a few at a time, each only while those before it are healthy.
//
// What is done next is computed by Next from what the cluster shows, so that a migration can be killed at any point and
// repeated. What must be remembered is in an annotation of the namespace and one of each restarted workload's pods.
package migration
