package kubetest

import (
	"context"
	"reflect"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Void is the client of a cluster that holds some objects and accepts and forgets every write, except that of a status
// or of the metadata of an object that it holds. It takes objects that an API server would refuse, and no time: it is
// for fuzz tests, which ask whether a reconciler survives them. What becomes of objects is tested on real API servers.
type Void struct {
	client.Client // panics at what is not implemented

	scheme *runtime.Scheme
	mapper *meta.DefaultRESTMapper

	mu   sync.Mutex
	held []client.Object
}

// NewVoid returns the client of a cluster that holds the given objects, of kinds that the scheme knows.
func NewVoid(scheme *runtime.Scheme, objects ...client.Object) *Void {
	v := &Void{scheme: scheme, mapper: meta.NewDefaultRESTMapper(nil), held: objects}
	for kind := range scheme.AllKnownTypes() {
		v.mapper.Add(kind, meta.RESTScopeNamespace)
	}
	return v
}

// Knows adds kinds that the cluster serves and the scheme does not know.
func (v *Void) Knows(kinds ...schema.GroupVersionKind) *Void {
	for _, kind := range kinds {
		v.mapper.Add(kind, meta.RESTScopeNamespace)
	}
	return v
}

// Scheme is the client's scheme.
func (v *Void) Scheme() *runtime.Scheme { return v.scheme }

// RESTMapper knows the scheme's kinds.
func (v *Void) RESTMapper() meta.RESTMapper { return v.mapper }

// find returns the index of the object of that type and name, or -1.
func (v *Void) find(key client.ObjectKey, like client.Object) int {
	for i, object := range v.held {
		if reflect.TypeOf(object) == reflect.TypeOf(like) && client.ObjectKeyFromObject(object) == key {
			return i
		}
	}
	return -1
}

// Get finds the objects that the cluster holds.
func (v *Void) Get(_ context.Context, key client.ObjectKey, into client.Object, _ ...client.GetOption) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	i := v.find(key, into)
	if i < 0 {
		return apierrors.NewNotFound(schema.GroupResource{}, key.Name)
	}
	copyInto(into, v.held[i])
	return nil
}

// List finds the objects that the cluster holds, whatever they are selected by.
func (v *Void) List(_ context.Context, list client.ObjectList, _ ...client.ListOption) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	items, err := meta.GetItemsPtr(list)
	if err != nil {
		return err
	}
	slice := reflect.ValueOf(items).Elem()
	for _, object := range v.held {
		if reflect.TypeOf(object).Elem() == slice.Type().Elem() {
			slice.Set(reflect.Append(slice, reflect.ValueOf(object.DeepCopyObject()).Elem()))
		}
	}
	return nil
}

// Patch keeps what is patched, if the cluster holds it.
func (v *Void) Patch(_ context.Context, object client.Object, _ client.Patch, _ ...client.PatchOption) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if i := v.find(client.ObjectKeyFromObject(object), object); i >= 0 {
		copyInto(v.held[i], object)
	}
	return nil
}

// Status keeps what is patched, if the cluster holds it.
func (v *Void) Status() client.SubResourceWriter { return voidStatus{void: v} }

// Apply forgets what is applied.
func (v *Void) Apply(context.Context, runtime.ApplyConfiguration, ...client.ApplyOption) error {
	return nil
}

// Create forgets what is created.
func (v *Void) Create(context.Context, client.Object, ...client.CreateOption) error { return nil }

// Update forgets what is updated.
func (v *Void) Update(context.Context, client.Object, ...client.UpdateOption) error { return nil }

// Delete forgets that it was asked to.
func (v *Void) Delete(context.Context, client.Object, ...client.DeleteOption) error { return nil }

type voidStatus struct {
	client.SubResourceWriter // panics at what is not implemented

	void *Void
}

func (s voidStatus) Patch(ctx context.Context, object client.Object, patch client.Patch, _ ...client.SubResourcePatchOption) error {
	return s.void.Patch(ctx, object, patch)
}

func copyInto(into, from client.Object) {
	reflect.ValueOf(into).Elem().Set(reflect.ValueOf(from.DeepCopyObject()).Elem())
}
