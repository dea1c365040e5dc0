package health

import "time"

// Object is a workload or a service of one cluster.
type Object struct {
	Namespace, Name string
	// Service tells a service from a workload.
	Service bool
}

// Point is the health of an object at one time.
type Point struct {
	At      time.Time
	Verdict Verdict
	// Score is from 0 to 100, or NoScore.
	Score int
}
