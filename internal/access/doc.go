// Package access asks Kubernetes what a user may do. What the product reads with its own rights, it shows to nobody whose
// own rights do not allow to read it.
package access
