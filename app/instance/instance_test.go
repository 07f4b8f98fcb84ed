package instance_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/causeway-app/causeway/app/instance"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// first claims a folder and returns what later starts hand over.
func first(t *testing.T, folder string) <-chan []string {
	t.Helper()
	i, err := instance.Claim(folder, nil)
	if err != nil {
		t.Fatal(err)
	}
	taken := make(chan []string, 10)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- i.Serve(ctx, func(arguments []string) { taken <- arguments }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		i.Release()
	})
	return taken
}

func TestASecondStartHandsItsArgumentsToTheFirst(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	taken := first(t, folder)
	want := []string{"/home/ada/a file é.txt", "causeway:abc"}
	if _, err := instance.Claim(folder, want); !errors.Is(err, instance.ErrHandedOver) {
		t.Fatalf("got %v", err)
	}
	select {
	case got := <-taken:
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("the first has got nothing")
	}
}

func TestTwoFoldersAreTwoInstances(t *testing.T) {
	t.Parallel()
	first(t, t.TempDir())
	first(t, t.TempDir())
}

func TestAfterTheFirstHasEndedTheNextIsTheFirst(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	i, err := instance.Claim(folder, nil)
	if err != nil {
		t.Fatal(err)
	}
	i.Release()
	first(t, folder)
}

func TestWhatACrashedOneLeftBehindDoesNotMatter(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "window.json"), []byte(`{"address":"127.0.0.1:1","token":"old"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	first(t, folder)
}

func TestOnlyWhoCanReadTheTokenIsHeard(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	taken := first(t, folder)
	name := filepath.Join(folder, "window.json")
	if info, err := os.Stat(name); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v: others may read the token", info.Mode(), err)
	}
	encoded, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var at struct{ Address string }
	if err := json.Unmarshal(encoded, &at); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{`{"token":"","arguments":["x"]}`, `{"token":"00","arguments":["x"]}`, "GET / HTTP/1.1\r\n\r\n", ""} {
		connection, err := net.Dial("tcp", at.Address)
		if err != nil {
			t.Fatal(err)
		}
		connection.Write([]byte(text))
		connection.(*net.TCPConn).CloseWrite()
		connection.SetReadDeadline(time.Now().Add(5 * time.Second))
		reply := make([]byte, 100)
		n, _ := connection.Read(reply)
		if string(reply[:n]) == "{\"taken\":true}\n" {
			t.Errorf("%q is taken", text)
		}
		connection.Close()
	}
	if len(taken) > 0 {
		t.Errorf("a stranger was heard: %q", <-taken)
	}
}
