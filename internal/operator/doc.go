// Package operator runs the reconcilers in a cluster, on events: the same ones that the command
// line runs once. One instance leads at a time.
package operator
