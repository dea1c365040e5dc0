// Package kube brings sets of Kubernetes objects to a cluster and takes them away again:
// server-side apply that writes nothing when nothing changed, an inventory of what was applied,
// prune and removal that act only on proof of ownership, and the generic reconciler.
package kube
