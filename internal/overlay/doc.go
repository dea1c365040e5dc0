// Package overlay changes rendered objects where the templates that made them offer no setting:
// by the documented patches of k8sResourceOverlays, and by a component's workload settings.
package overlay
