//! What the operating system knows of the process.

/// How much of the machine's memory it has; `None` where the system does not tell as Linux does.
#[must_use]
pub fn resident_memory_bytes() -> Option<u64> {
    resident(&std::fs::read_to_string("/proc/self/status").ok()?)
}

/// The line `VmRSS:` of proc_pid_status(5), in KiB.
fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_told_in_bytes() {
        assert_eq!(resident("Name:\tetalon\nVmRSS:\t   20480 kB\nThreads:\t4\n"), Some(20_480 * 1_024));
        assert_eq!(resident("Name:\tetalon\n"), None);
    }
}
