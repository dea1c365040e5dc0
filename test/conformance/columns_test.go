package conformance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// `kubectl get` shows the documented columns with the documented content.
func TestColumns(t *testing.T) {
	c := start(t)
	tests := map[string]struct {
		manifest, status, plural string
		want                     map[string]string
	}{
		"IstioControlPlane": {
			manifest: "2.3.7-istiocontrolplane-1.yaml",
			status:   `{status: Available, gatewayAddress: [172.18.250.1]}`,
			plural:   "istiocontrolplanes",
			want: map[string]string{
				"NAME": "cp-v115x", "MODE": "ACTIVE", "NETWORK": "network1", "STATUS": "Available",
				"MESH EXPANSION": "true", "EXPANSION GW IPS": `["172.18.250.1"]`, "ERROR": "<nil>",
			},
		},
		"IstioMeshGateway": {
			manifest: "2.7.3-istiomeshgateway-1.yaml",
			status:   `{Status: Available, GatewayAddress: [172.18.250.2]}`,
			plural:   "istiomeshgateways",
			want: map[string]string{
				"NAME": "demo-gw", "TYPE": "ingress", "SERVICE TYPE": "LoadBalancer", "STATUS": "Available",
				"INGRESS IPS": `["172.18.250.2"]`, "ERROR": "<nil>",
				"CONTROL PLANE": `{"name":"cp-v115x","namespace":"istio-system"}`,
			},
		},
	}
	for kind, test := range tests {
		t.Run(kind, func(t *testing.T) {
			object := c.create(t, read(t, testdata(t, "manifests", test.manifest)[0]))
			object.Object["status"] = parseStatus(t, test.status)
			if _, err := c.resource(t, object).UpdateStatus(t.Context(), object, metav1.UpdateOptions{}); err != nil {
				t.Fatal(err)
			}
			got := c.row(t, test.plural, object.GetNamespace(), object.GetName())
			delete(got, "AGE")
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("columns (-want +got):\n%s", diff)
			}
		})
	}
}

func parseStatus(t *testing.T, status string) any {
	t.Helper()
	return parse(t, "{apiVersion: a/v1, kind: A, status: "+status+"}").Object["status"]
}

// row is the table that kubectl asks the API server for, by the names of its columns as kubectl prints them.
func (c *cluster) row(t *testing.T, plural, namespace, name string) map[string]string {
	t.Helper()
	client, err := rest.HTTPClientFor(c.Config)
	if err != nil {
		t.Fatal(err)
	}
	url := fmt.Sprintf("%s/apis/servicemesh.cisco.com/v1alpha1/namespaces/%s/%s/%s", c.Config.Host, namespace, plural, name)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io")
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var table metav1.Table
	if err := json.NewDecoder(response.Body).Decode(&table); err != nil {
		t.Fatal(err)
	}
	row := map[string]string{}
	for i, column := range table.ColumnDefinitions {
		row[strings.ToUpper(column.Name)] = fmt.Sprint(table.Rows[0].Cells[i])
	}
	return row
}
