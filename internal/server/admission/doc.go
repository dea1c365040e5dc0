// Package admission warns who changes the mesh's configuration: the API server shows them what the checks find about the
// object that they send. Nothing is ever refused, and nobody waits longer than a moment.
package admission
