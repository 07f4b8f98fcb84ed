//go:build acceptance && !lab

package main_test

import (
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	remove := buildProgram()
	code := m.Run()
	remove()
	os.Exit(code)
}
