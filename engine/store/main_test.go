package store_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// childTask names, in a child process of a test, what the child does.
const childTask = "CAUSEWAY_STORE_CHILD"

// children are the tasks for child processes; each file of tests adds its own.
var children = map[string]func(){}

func TestMain(m *testing.M) {
	if task := os.Getenv(childTask); task != "" {
		children[task]()
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}
