// Package signin proves who somebody is, as Kubernetes sees them, and lets them prove it again for some hours without
// the credentials that they used: credentials are checked at the API server and not kept, and the product's own signed
// ID token stands for the user from then on.
package signin
