package cli

import (
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/outbound"
)

// The documented words set the policy, and the documented sentences tell it.
func TestOutboundTrafficPolicy(t *testing.T) {
	code, _, errOut := run(t, "istio", "outbound-traffic-policy", "closed")
	if code != exitUsage || !strings.Contains(errOut, `setting "closed" is unknown: give one of allowed, restricted`) {
		t.Errorf("exit code %d, error output %q", code, errOut)
	}

	cluster, c := meshCluster(t)
	var planes v1alpha1.IstioControlPlaneList
	if err := c.List(t.Context(), &planes); err != nil {
		t.Fatal(err)
	}
	for i := range planes.Items {
		patch := client.RawPatch("application/merge-patch+json", []byte(`{"spec":{"meshID":"outbound"}}`))
		if err := c.Patch(t.Context(), &planes.Items[i], patch); err != nil {
			t.Fatal(err)
		}
	}
	show := func(want string) {
		t.Helper()
		code, out, errOut := run(t, "istio", "outbound-traffic-policy", "-c", cluster.Kubeconfig)
		if code != exitOK || out != want {
			t.Errorf("exit code %d, output %q, error output %q; want %q", code, out, errOut, want)
		}
	}
	show("mesh wide outbound traffic policy is not found\n")
	if _, err := outbound.Set(t.Context(), c, outbound.RegistryOnly); err != nil {
		t.Fatal(err)
	}
	show("mesh wide outbound traffic policy is set to 'REGISTRY_ONLY'\n")
}
