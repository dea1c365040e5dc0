package loadbalancer

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/record"
)

// ReasonFailed is the reason of the event that tells that a Service gets no address: that of cloud controllers.
const ReasonFailed = "SyncLoadBalancerFailed"

// Controller writes the addresses that Allocate decides into the status of Services.
// Its state lives in the cluster; what it remembers only bridges the time until its own writes are seen.
type Controller struct {
	client kubernetes.Interface
	events record.EventRecorder
	pool   netip.Prefix
	given  map[types.UID]netip.Addr
	told   map[types.UID]string
}

// New returns a controller of the pool.
func New(client kubernetes.Interface, events record.EventRecorder, pool netip.Prefix) *Controller {
	return &Controller{client: client, events: events, pool: pool, given: map[types.UID]netip.Addr{}, told: map[types.UID]string{}}
}

// Sync brings the status of the Services (all of the cluster, not to be modified) to what it should be.
// Writes that failed are to be tried again with a newer view of the Services.
func (c *Controller) Sync(ctx context.Context, services []*corev1.Service) error {
	var failed []error
	given, told := map[types.UID]netip.Addr{}, map[types.UID]string{}
	for _, allocation := range Allocate(c.pool, services, c.given) {
		uid := allocation.Service.UID
		if allocation.Problem != "" {
			told[uid] = allocation.Problem
			if c.told[uid] != allocation.Problem {
				c.events.Event(allocation.Service, corev1.EventTypeWarning, ReasonFailed, allocation.Problem)
			}
		}
		if err := c.write(ctx, allocation); err != nil {
			failed = append(failed, err)
			given[uid] = c.given[uid]
			continue
		}
		given[uid] = allocation.Address
	}
	c.given, c.told = given, told
	return errors.Join(failed...)
}

// write updates the status if it differs. A Service that is gone needs none.
func (c *Controller) write(ctx context.Context, allocation Allocation) error {
	status := Status(allocation.Service, allocation.Address)
	if equality.Semantic.DeepEqual(status, allocation.Service.Status.LoadBalancer) {
		return nil
	}
	service := allocation.Service.DeepCopy()
	service.Status.LoadBalancer = status
	_, err := c.client.CoreV1().Services(service.Namespace).UpdateStatus(ctx, service, metav1.UpdateOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("write the address of Service %s/%s: %w", service.Namespace, service.Name, err)
	}
	return nil
}
