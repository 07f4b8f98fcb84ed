//go:build !linux

package netcheck

// buffersRemedy is not known here.
const buffersRemedy = ""
