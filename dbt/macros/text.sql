{#- A text column as it should have come: no blanks around it, and empty means absent. -#}
{% macro text(column) -%}
    nullif(trim({{ column }}), '')
{%- endmacro %}


{#- A typed column: what does not parse becomes null instead of failing the load. -#}
{% macro typed(column, type) -%}
    try_cast(trim({{ column }}) as {{ type }})
{%- endmacro %}
