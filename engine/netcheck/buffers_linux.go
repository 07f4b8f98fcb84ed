package netcheck

// buffersRemedy lifts the limits until the next start of the computer.
const buffersRemedy = "sudo sysctl -w net.core.rmem_max=4194304 net.core.wmem_max=4194304"
