// Package registry keeps the clusters of a group known to each other and copies resources between them, as
// ResourceSyncRules say. It writes only to its own cluster and reads only from peers. What to copy, change or delete is
// decided by pure functions from what the peers' watches have told; a peer that does not answer is unknown, and nothing
// is done about its objects.
package registry
