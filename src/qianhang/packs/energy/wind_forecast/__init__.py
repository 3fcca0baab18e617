"""Power of wind farms a day ahead."""
