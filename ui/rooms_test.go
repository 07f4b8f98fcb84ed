package ui

import (
	"os/exec"
	"strings"
	"testing"
)

func TestTheWindowNeedsNoC(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for dependency := range strings.Lines(string(out)) {
		switch dependency := strings.TrimSpace(dependency); {
		case dependency == "fyne.io/fyne/v2/app", strings.Contains(dependency, "go-gl/"):
			t.Errorf("ui depends on %s", dependency)
		}
	}
}
