// Package session is the HTTP side of signing in: it exchanges credentials for the product's ID token, keeps browsers
// signed in by a cookie, and tells for every request whose it is.
package session
