package store_test

import (
	"path/filepath"
	"runtime"
	"testing"
)

// BenchmarkHash compares one core with all of them; the files are in the cache.
func BenchmarkHash(b *testing.B) {
	root := tree{"large": randomBytes(1, 256<<20)}.write(b, b.TempDir())
	all := runtime.GOMAXPROCS(0)
	for name, cores := range map[string]int{"one core": 1, "all cores": all} {
		b.Run(name, func(b *testing.B) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
			b.SetBytes(256 << 20)
			for b.Loop() {
				hashShare(b, root)
			}
		})
	}
}

// BenchmarkReceive writes, verifies, syncs and journals; the source is cached.
func BenchmarkReceive(b *testing.B) {
	small := tree{}
	for i := range 2000 {
		small[filepath.Join("d", string(rune('a'+i%20)), string(rune('一'+i)))] = randomBytes(uint64(i), 4096)
	}
	for name, files := range map[string]tree{"one large file": {"large": randomBytes(1, 128<<20)}, "2000 small files": small} {
		b.Run(name, func(b *testing.B) {
			s := hashShare(b, files.write(b, b.TempDir()))
			b.SetBytes(s.manifest.Total)
			for b.Loop() {
				newDownload(b).receive(b, s)
			}
		})
	}
}
