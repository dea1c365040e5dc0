package bootstrap

import (
	routerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	// What the stand-in reads of extensions.
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/tls_inspector/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/upstreams/http/v3"
)

// tolerant finds message types as usual, and an almost empty one for extensions that this program does not have: JSON
// with an extension of an unknown type could not be read at all.
type tolerant struct{}

func (tolerant) FindMessageByName(name protoreflect.FullName) (protoreflect.MessageType, error) {
	return protoregistry.GlobalTypes.FindMessageByName(name)
}

func (tolerant) FindMessageByURL(url string) (protoreflect.MessageType, error) {
	found, err := protoregistry.GlobalTypes.FindMessageByURL(url)
	if err != nil {
		return (&routerv3.Router{}).ProtoReflect().Type(), nil //nolint:nilerr // that is what this type is for
	}
	return found, nil
}

func (tolerant) FindExtensionByName(name protoreflect.FullName) (protoreflect.ExtensionType, error) {
	return protoregistry.GlobalTypes.FindExtensionByName(name)
}

func (tolerant) FindExtensionByNumber(message protoreflect.FullName, number protoreflect.FieldNumber) (protoreflect.ExtensionType, error) {
	return protoregistry.GlobalTypes.FindExtensionByNumber(message, number)
}
