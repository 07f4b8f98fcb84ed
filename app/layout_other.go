//go:build !window

package main

// tellLayout is for the tests that drive the window.
func (p *program) tellLayout() {}
