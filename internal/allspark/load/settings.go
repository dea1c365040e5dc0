// Package load generates traffic whose rate swings between two bounds.
package load

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// MaxRPS is the highest rate that may be asked for: the generator is for demonstrations, not for stress tests.
const MaxRPS = 1000

// Settings tell whether and how fast to generate load.
type Settings struct {
	Enabled        bool
	MinRPS, MaxRPS float64 // requests per second
	SwingPeriod    time.Duration
}

// Defaults are the documented settings.
func Defaults() Settings {
	return Settings{Enabled: true, MinRPS: 10, MaxRPS: 30, SwingPeriod: 23 * time.Minute}
}

// Rate is the wanted number of requests per second at a time since the start: a sine from the middle between the
// bounds, through MaxRPS, back and through MinRPS within one SwingPeriod.
func (s Settings) Rate(since time.Duration) float64 {
	if s.SwingPeriod <= 0 {
		return s.MaxRPS
	}
	phase := 2 * math.Pi * float64(since%s.SwingPeriod) / float64(s.SwingPeriod)
	return s.MinRPS + (s.MaxRPS-s.MinRPS)*(1+math.Sin(phase))/2
}

// The names of the settings: keys of the ConfigMap that the demo application keeps them in.
const (
	KeyEnabled     = "enabled"
	KeyMinRPS      = "minRPS"
	KeyMaxRPS      = "maxRPS"
	KeySwingPeriod = "swingPeriod"
)

// Parse returns the settings with those of the given values that are present replaced.
// A period is a duration such as 23m, or a number of nanoseconds.
func (s Settings) Parse(values map[string]string) (Settings, error) {
	var err error
	for key, text := range values {
		text = strings.TrimSpace(text)
		switch key {
		case KeyEnabled:
			s.Enabled, err = strconv.ParseBool(text)
		case KeyMinRPS:
			s.MinRPS, err = strconv.ParseFloat(text, 64)
		case KeyMaxRPS:
			s.MaxRPS, err = strconv.ParseFloat(text, 64)
		case KeySwingPeriod:
			s.SwingPeriod, err = parsePeriod(text)
		}
		if err != nil {
			return s, fmt.Errorf("load setting %s: %q is not valid", key, text)
		}
	}
	return s, s.Validate()
}

// Values are the settings in the form that Parse reads.
func (s Settings) Values() map[string]string {
	return map[string]string{
		KeyEnabled:     strconv.FormatBool(s.Enabled),
		KeyMinRPS:      strconv.FormatFloat(s.MinRPS, 'g', -1, 64),
		KeyMaxRPS:      strconv.FormatFloat(s.MaxRPS, 'g', -1, 64),
		KeySwingPeriod: s.SwingPeriod.String(),
	}
}

func parsePeriod(text string) (time.Duration, error) {
	if nanoseconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Duration(nanoseconds), nil
	}
	return time.ParseDuration(text)
}

// Validate tells whether the settings can be used.
func (s Settings) Validate() error {
	if !(s.MinRPS >= 0 && s.MinRPS <= s.MaxRPS && s.MaxRPS <= MaxRPS) { // NaN fails every comparison
		return fmt.Errorf("load settings: need 0 <= minRPS (%g) <= maxRPS (%g) <= %d", s.MinRPS, s.MaxRPS, MaxRPS)
	}
	if s.SwingPeriod < 0 {
		return fmt.Errorf("load settings: swingPeriod %s is negative", s.SwingPeriod)
	}
	return nil
}
