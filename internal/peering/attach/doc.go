// Package attach takes clusters into a mesh and out of it. It decides by pure functions what a cluster's ControlPlane
// has to say, and has the product's reconcilers bring that about in both clusters; from then on the clusters keep each
// other informed by themselves.
package attach
