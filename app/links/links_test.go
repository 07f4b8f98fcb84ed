package links

import "testing"

func TestWindowsHandsTheLinkOverAsOneArgument(t *testing.T) {
	t.Parallel()
	if got, want := windowsCommand(`C:\Program Files\Causeway\causeway.exe`), `"C:\Program Files\Causeway\causeway.exe" "%1"`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
