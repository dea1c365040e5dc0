// Package demoapp renders, installs and observes the demo application: the documented services, each run by the
// program allspark, that call each other in the mesh.
package demoapp

import (
	"fmt"
	"slices"
	"strings"
)

// Component is one service of the demo application.
type Component string

// The documented components.
const (
	Frontpage     Component = "frontpage"
	Catalog       Component = "catalog"
	Bookings      Component = "bookings"
	Movies        Component = "movies"
	Payments      Component = "payments"
	Notifications Component = "notifications"
	Analytics     Component = "analytics"
	Database      Component = "database"
	PostgreSQL    Component = "postgresql"
	MySQL         Component = "mysql"
)

// Components lists all components, in the order in which they are called.
func Components() []Component {
	return []Component{Frontpage, Catalog, Bookings, Movies, Payments, Notifications, Analytics, Database, PostgreSQL, MySQL}
}

// PeerComponents lists the components of a peer cluster that was not told otherwise.
func PeerComponents() []Component {
	return []Component{Movies, Payments, Notifications, Analytics, Database, MySQL}
}

// ParseComponents reads a list of component names separated by commas.
func ParseComponents(list string) ([]Component, error) {
	var components []Component
	for _, name := range strings.Split(list, ",") {
		component := Component(strings.TrimSpace(name))
		if !slices.Contains(Components(), component) {
			return nil, unknownComponent(name)
		}
		if !slices.Contains(components, component) {
			components = append(components, component)
		}
	}
	return components, nil
}

func unknownComponent(name string) error {
	return fmt.Errorf("the demo application has no service %q: choose from %s", name, join(Components()))
}

func join(components []Component) string {
	names := make([]string, len(components))
	for i, component := range components {
		names[i] = string(component)
	}
	return strings.Join(names, ", ")
}

// databasePort is the port of a component that is called over TCP only, or 0.
func (c Component) databasePort() int32 {
	switch c {
	case PostgreSQL:
		return 5432
	case MySQL:
		return 3306
	default:
		return 0
	}
}

// workload is one Deployment of a component.
type workload struct {
	component Component
	version   string
	calls     []Component
	work      string // allspark's WORKLOAD, or ""
}

// name is the Deployment's name, as documented: databases have no version in it.
func (w workload) name() string {
	if w.component.databasePort() != 0 {
		return string(w.component)
	}
	return string(w.component) + "-" + w.version
}

// workloads is the documented application: who calls whom.
func workloads() []workload {
	return []workload{
		{component: Frontpage, version: "v1", calls: []Component{Catalog, Bookings}},
		{component: Catalog, version: "v1", calls: []Component{Movies}},
		{component: Bookings, version: "v1", calls: []Component{Analytics, Payments, PostgreSQL}},
		{component: Movies, version: "v1"},
		{component: Movies, version: "v2", calls: []Component{Database}},
		{component: Movies, version: "v3", calls: []Component{Analytics, Database}},
		{component: Payments, version: "v1", calls: []Component{Notifications}},
		{component: Notifications, version: "v1"},
		{component: Analytics, version: "v1", work: "PI"},
		{component: Database, version: "v1", calls: []Component{MySQL}},
		{component: PostgreSQL, version: "v1"},
		{component: MySQL, version: "v1"},
	}
}
