// Package mspider is the front door of Mspider: it translates a GlobalMesh, with the MeshClusters that are in it, into
// the IstioControlPlane of each of its clusters, and reports what becomes of them. The resources are in all clusters of
// the mesh, as copies that the cluster registry keeps; each cluster's operator acts for its own cluster.
package mspider
