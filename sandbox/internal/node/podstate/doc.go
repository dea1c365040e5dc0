// Package podstate holds what a node knows about one of its pods and decides what the node does next.
//
// Nothing here acts: Next is a pure function of a Pod and the time. Whoever carries out a Step changes
// the Pod by what came of it and asks again.
package podstate
