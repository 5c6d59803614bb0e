-- Detects versions of a customer that overlap, and customers with more than one current version.
{{ overlapping_versions(ref('customers_history'), 'customer_id') }}
