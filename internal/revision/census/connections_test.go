package census

import "testing"

// istiod counts the proxies of each version on its own.
func TestConnectionsOfAllVersionsAreAddedUp(t *testing.T) {
	const metrics = `# HELP pilot_xds Number of endpoints connected to this pilot using XDS.
# TYPE pilot_xds gauge
pilot_xds{version="1.30.0"} 2
pilot_xds{version="1.31.1"} 13
# TYPE pilot_services gauge
pilot_services 40
`
	for text, want := range map[string]int{metrics: 15, "": 0} {
		if got, err := connectedIn([]byte(text)); err != nil || got != want {
			t.Errorf("%d, %v; want %d", got, err, want)
		}
	}
	if _, err := connectedIn([]byte("<html>")); err == nil {
		t.Error("what is no metrics counts as no connection")
	}
}
