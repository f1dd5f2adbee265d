//go:build !probe

package main

// prepareProbe does nothing in the app as it is used; see probe_on.go.
func prepareProbe(*desktop) {}
