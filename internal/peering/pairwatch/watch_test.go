package pairwatch

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/meshmanager/smm/internal/peering"
)

// What istiod says of each cluster is the state whose sample has the value 1. A cluster without samples is one that it
// does not read from, unless it counts clusters and tells of none.
func TestUnderstand(t *testing.T) {
	const states = `# TYPE istiod_remote_cluster_sync_status gauge
istiod_remote_cluster_sync_status{cluster="c2",cluster_type="remote",status="synced"} 1
istiod_remote_cluster_sync_status{cluster="c2",cluster_type="remote",status="syncing"} 0
istiod_remote_cluster_sync_status{cluster="c3",cluster_type="remote",status="synced"} 0
istiod_remote_cluster_sync_status{cluster="c3",cluster_type="remote",status="timeout"} 1
`
	const count = `# TYPE istiod_managed_clusters gauge
istiod_managed_clusters{cluster_type="local"} 1
istiod_managed_clusters{cluster_type="remote"} `
	for name, test := range map[string]struct {
		metrics, cluster string
		want             peering.IstiodSight
	}{
		"synced":           {states + count + "2\n", "c2", peering.IstiodSight{Address: "a", State: "synced"}},
		"not synced":       {states + count + "2\n", "c3", peering.IstiodSight{Address: "a", State: "timeout"}},
		"not read from":    {states + count + "2\n", "c4", peering.IstiodSight{Address: "a"}},
		"none read from":   {count + "0\n", "c2", peering.IstiodSight{Address: "a"}},
		"an older release": {count + "1\n", "c2", peering.IstiodSight{Address: "a", Silent: true}},
	} {
		says, err := understand(strings.NewReader(test.metrics))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, says.of("a", test.cluster)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if _, err := understand(strings.NewReader("<html>")); err == nil {
		t.Error("what is no metrics is understood")
	}
}
