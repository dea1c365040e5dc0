package graph_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"

	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/server/graph"
	"github.com/meshmanager/smm/internal/signin"
	"github.com/meshmanager/smm/internal/telemetry/telemetrytest"
)

// hidden is in the name of everything that a user without rights must not see.
const hidden = "hidden"

// writeQuery writes a query for one field of the schema that asks for everything below it.
func writeQuery(schema *ast.Schema, root string, field *ast.FieldDefinition, id string) string {
	return root + " { " + selection(schema, field, id, 0) + " }"
}

// maxLevel is how deep the written queries go: types may lead to themselves.
const maxLevel = 4

func selection(schema *ast.Schema, field *ast.FieldDefinition, id string, level int) string {
	var args []string
	for _, arg := range field.Arguments {
		if value := argument(schema, arg, id); value != "" {
			args = append(args, arg.Name+": "+value)
		}
	}
	text := field.Name
	if len(args) > 0 {
		text += "(" + strings.Join(args, ", ") + ")"
	}
	definition := schema.Types[field.Type.Name()]
	if definition.Kind != ast.Object {
		return text
	}
	var inner []string
	for _, sub := range definition.Fields {
		if schema.Types[sub.Type.Name()].Kind == ast.Object && level >= maxLevel {
			continue
		}
		inner = append(inner, selection(schema, sub, id, level+1))
	}
	return text + " { " + strings.Join(inner, " ") + " }"
}

// argument is a value for an argument that must be given; the rest stays as it is.
func argument(schema *ast.Schema, arg *ast.ArgumentDefinition, id string) string {
	if !arg.Type.NonNull {
		return ""
	}
	switch name := arg.Type.Name(); {
	case name == "ID":
		return `"` + id + `"`
	case name == "String" && arg.Name == "from":
		return `"` + time.Now().Add(-time.Minute).Format(time.RFC3339) + `"`
	case name == "String" && arg.Name == "to":
		return `"` + time.Now().Format(time.RFC3339) + `"`
	case name == "String":
		return `"c1"`
	case schema.Types[name].Kind == ast.Enum:
		return "[" + schema.Types[name].EnumValues[0].Name + "]"
	case schema.Types[name].Kind == ast.InputObject:
		var fields []string
		for _, field := range schema.Types[name].Fields {
			if field.Type.NonNull {
				fields = append(fields, field.Name+`: "c1"`)
			}
		}
		return "[{" + strings.Join(fields, ", ") + "}]"
	}
	panic("no value for an argument of type " + arg.Type.String())
}

// lab is a cluster with one namespace that jane may read and one that she may not.
type lab struct {
	*api
	open, closed string
	jane, admin  signin.User
}

func newLab(t *testing.T) *lab {
	t.Helper()
	a := startAPI(t)
	l := &lab{
		api: a, open: a.kube.Namespace(t), admin: signin.User{Name: "root", Groups: []string{"system:masters"}},
	}
	l.jane = signin.User{Name: "jane-of-" + l.open}
	l.closed = hidden + "-" + l.open
	client := a.client
	if _, err := client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: l.closed}}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	for namespace, name := range map[string]string{l.open: "visible", l.closed: hidden} {
		l.fill(t, client, namespace, name)
		l.judge.add(namespace, name)
	}
	for from, to := range map[string]string{l.open: l.closed, l.closed: l.open, hidden + "-other": l.closed} {
		name := func(namespace, kind string) string {
			if namespace == l.open {
				return "visible-" + kind
			}
			return hidden + "-" + kind
		}
		a.backend.called(
			telemetrytest.Call{FromNamespace: from, FromName: name(from, "pod")},
			telemetrytest.Call{ToNamespace: to, ToName: name(to, "pod"), Service: name(to, "service")}, 3)
	}
	l.planes.set(l.open, "visible-plane", "visible-pod."+l.open, hidden+"-pod."+l.closed)
	binding := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "view"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: l.jane.Name}},
	}
	if _, err := client.RbacV1().RoleBindings(l.open).Create(t.Context(), binding, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	l.waitFor(t, l.jane, `{ services { items { name } } workloads { items { name } } }`, "visible-service", "visible-pod")
	l.waitFor(t, l.admin, `{ findings { object } controlPlanes { proxies { name } } }`, hidden+"-pod", "proxies")
	l.waitFor(t, l.admin, `{ services { items { name } } workloads { items { name } } gateways { name } }`, hidden+"-service", hidden+"-pod", hidden+"-gateway")
	return l
}

// fill makes one object of every kind that the API shows.
func (l *lab) fill(t *testing.T, client kubernetes.Interface, namespace, name string) {
	t.Helper()
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: name + "-service"},
		Spec:       corev1.ServiceSpec{Selector: map[string]string{"app": name}, Ports: []corev1.ServicePort{{Name: "http", Port: 80}}},
	}
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name + "-pod", Labels: map[string]string{"app": name}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: name + "-container", Image: name + "-image"}}},
	}
	event := &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Name: name + "-event"},
		InvolvedObject: corev1.ObjectReference{Kind: "Pod", Namespace: namespace, Name: name + "-pod"}, Message: name + " event",
	}
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "default"}} // pods need it, and no controller runs here
	_, err := client.CoreV1().ServiceAccounts(namespace).Create(t.Context(), account, metav1.CreateOptions{})
	if err == nil {
		_, err = client.CoreV1().Services(namespace).Create(t.Context(), service, metav1.CreateOptions{})
	}
	if err == nil {
		_, err = client.CoreV1().Pods(namespace).Create(t.Context(), pod, metav1.CreateOptions{})
	}
	if err == nil {
		_, err = client.CoreV1().Events(namespace).Create(t.Context(), event, metav1.CreateOptions{})
	}
	for _, settings := range []string{"istio-" + name + "-plane", istio.RootCertConfigMap} {
		if err == nil {
			configMap := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: settings}, Data: map[string]string{"mesh": "trustDomain: " + name + ".example"}}
			_, err = client.CoreV1().ConfigMaps(namespace).Create(t.Context(), configMap, metav1.CreateOptions{})
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		`{apiVersion: servicemesh.cisco.com/v1alpha1, kind: IstioControlPlane, metadata: {name: ` + name + `-plane}, spec: {}}`,
		`{apiVersion: servicemesh.cisco.com/v1alpha1, kind: IstioMeshGateway, metadata: {name: ` + name + `-gateway},
		  spec: {type: ingress, service: {type: ClusterIP, ports: [{name: http, port: 80}]}, istioControlPlane: {name: a, namespace: b}}}`,
	} {
		l.create(t, namespace, text)
	}
}

// Nobody is shown what their own rights do not allow: for every field of the schema, as the schema is, with IDs that are
// guessed right.
func TestNoFieldShowsWhatAUserMayNotRead(t *testing.T) {
	l := newLab(t)
	schema := graph.NewExecutableSchema(graph.Config{}).Schema()
	ids := []string{}
	for kind, name := range map[string]string{
		"service": "service", "pod": "pod", "istiomeshgateway.servicemesh.cisco.com": "gateway", "istiocontrolplane.servicemesh.cisco.com": "plane",
	} {
		ids = append(ids, fmt.Sprintf("%s:c1:%s:%s-%s", kind, l.closed, hidden, name))
	}
	shownToAdmin := map[string]bool{}
	for _, field := range schema.Query.Fields {
		if strings.HasPrefix(field.Name, "__") {
			continue
		}
		for _, id := range ids {
			query := writeQuery(schema, "query", field, id)
			if answer := l.ask(t, l.jane, query); strings.Contains(answer.data, hidden) {
				t.Errorf("%s shows what the user may not read:\n%s", query, answer.data)
			}
			if answer := l.ask(t, l.admin, query); strings.Contains(answer.data, hidden) {
				shownToAdmin[field.Name] = true
			}
		}
	}
	// Without these, the test would pass for an API that shows nothing at all.
	for _, name := range []string{
		"namespaces", "services", "service", "workloads", "workload", "pod", "controlPlanes", "gateways", "resources", "resource", "events",
		"topology", "findings", "health", "trustBundles",
	} {
		if !shownToAdmin[name] {
			t.Errorf("%s does not show the administrator what is hidden from others", name)
		}
	}
	if answer := l.ask(t, l.jane, `{ service(id: "service:c1:`+l.open+`:visible-service") { traffic { requests p95 } } }`); !strings.Contains(answer.data, `"requests":3`) {
		t.Errorf("the traffic of a visible service: %s %s", answer.data, answer.errors)
	}
	if numbers := l.ask(t, l.jane, `{ numbers { services workloads pods } }`); numbers.data != `{"numbers":{"services":1,"workloads":1,"pods":1}}` {
		t.Errorf("the user's numbers: %s", numbers.data)
	}
}

// Changes are made with the user's rights.
func TestNobodyChangesWhatTheyMayNot(t *testing.T) {
	l := newLab(t)
	gateway := "istiomeshgateway.servicemesh.cisco.com:c1:" + l.closed + ":" + hidden + "-gateway"
	for name, mutation := range map[string]string{
		"delete":    fmt.Sprintf(`mutation { deleteResource(id: %q) }`, gateway),
		"restart":   fmt.Sprintf(`mutation { restartWorkloads(cluster: "c1", namespace: %q) }`, l.closed),
		"injection": fmt.Sprintf(`mutation { setInjection(cluster: "c1", namespace: %q, revision: "a.b") { name } }`, l.closed),
	} {
		answer := l.ask(t, l.jane, mutation)
		if !strings.Contains(answer.errors, "forbidden") {
			t.Errorf("%s: %s %s", name, answer.data, answer.errors)
		}
	}
	yaml := `{apiVersion: servicemesh.cisco.com/v1alpha1, kind: IstioControlPlane, metadata: {name: mine, namespace: ` + l.closed + `}, spec: {}}`
	encoded, err := json.Marshal(yaml)
	if err != nil {
		t.Fatal(err)
	}
	answer := l.ask(t, l.jane, `mutation { applyResource(cluster: "c1", yaml: `+string(encoded)+`) { resource { id } problems { message } } }`)
	if !strings.Contains(answer.data, "forbidden") || !strings.Contains(answer.data, `"resource":null`) {
		t.Errorf("apply: %s %s", answer.data, answer.errors)
	}
}

// waitFor asks until the answer has all of the words.
func (l *lab) waitFor(t *testing.T, user signin.User, query string, words ...string) {
	t.Helper()
	var last answer
	err := wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, 30*time.Second, true, func(context.Context) (bool, error) {
		last = l.ask(t, user, query)
		for _, word := range words {
			if !strings.Contains(last.data, word) {
				return false, nil
			}
		}
		return true, nil
	})
	if err != nil {
		t.Fatalf("%s: no %v in %s %s", query, words, last.data, last.errors)
	}
}
