"""What couriers, buyers, staff and everybody see of the hand-over."""
