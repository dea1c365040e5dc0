package ports

import (
	"github.com/meshmanager/smm/internal/operator/chart"
	"github.com/meshmanager/smm/internal/rendered"
)

// OfInstallation lists, with what it is for, everything that has ports in an installation with every
// component and the operator.
func OfInstallation() ([]Listener, error) {
	objects, err := rendered.Everything(false)
	if err != nil {
		return nil, err
	}
	operator, err := chart.Render(chart.Namespace, nil, "")
	if err != nil {
		return nil, err
	}
	listeners, err := Of(append(objects, operator...))
	if err != nil {
		return nil, err
	}
	return listeners, Describe(listeners, rendered.ControlPlane())
}
