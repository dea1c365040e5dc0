// Package releases is the catalogue of the Istio releases that can be installed: those that are part
// of the binary, and those of the chart sources that ControlPlanes and flags name.
package releases
