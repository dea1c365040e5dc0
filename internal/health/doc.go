// Package health judges how a workload or service behaves, compared with its own past. It is pure: series go in, a verdict
// comes out.
//
// What is expected at a time of day is what was observed around that time on the days of the last week. There is nothing
// to configure, and a limit that follows from it: what has lasted for a week is normal.
package health
