"""What is attacked on purpose: damaged files, killed processes, full disks, many writers."""
