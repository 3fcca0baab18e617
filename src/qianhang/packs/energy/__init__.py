"""Energy and grid."""
