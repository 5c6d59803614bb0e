-- Detects versions of a product that overlap, and products with more than one current version.
{{ overlapping_versions(ref('products_history'), 'product_id') }}
