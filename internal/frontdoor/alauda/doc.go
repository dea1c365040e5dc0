// Package alauda is the front door of Alauda Service Mesh: it translates a ServiceMesh into an IstioControlPlane and
// IstioMeshGateways, and reports what becomes of them.
package alauda
