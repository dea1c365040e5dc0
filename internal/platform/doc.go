// Package platform installs the product on a cluster: the checks before anything is written, the
// ControlPlane with its components in order, and the way back.
package platform
