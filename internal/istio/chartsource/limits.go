package chartsource

import "time"

// Limits bound what a source can make us do.
type Limits struct {
	// Exchange is how long one request and its answer may take.
	Exchange time.Duration
	// Index is the size of an index or manifest, in bytes.
	Index int64
	// Archive is the size of a packaged chart, in bytes; Unpacked that of its files together.
	Archive, Unpacked int64
	// Recheck is the age at which what a source has is asked for again.
	Recheck time.Duration
	// Retry is the time after a failure during which the source is left alone.
	Retry time.Duration
}

// DefaultLimits are several times what Istio's own charts need.
func DefaultLimits() Limits {
	return Limits{
		Exchange: 30 * time.Second,
		Index:    16 << 20,
		Archive:  8 << 20,
		Unpacked: 32 << 20,
		Recheck:  time.Hour,
		Retry:    30 * time.Second,
	}
}
