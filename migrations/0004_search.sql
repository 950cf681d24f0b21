-- What staff search for: words and parts of words in names and addresses, digits of phones.
--
-- Text is searched in a form that is the same for all spellings: Latin letters without marks, in
-- lower case, words apart by one space. Cyrillic is written in Latin letters, so that either finds
-- the other; and as PostgreSQL's trigrams know only the letters of the database's locale, this makes
-- them work in every one. Letters of other scripts stay, and are found by whole words and their
-- beginnings. Its words are stored too: a beginning of many takes thousands of looks at them.

create function search_form(words text) returns text
    language sql immutable strict parallel safe
return btrim(regexp_replace(lower(
    replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(
        translate(
            translate(
                regexp_replace(normalize(words, nfkd), '[\u0300-\u036f]', '', 'g'),
                'АБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯІЄҐØŁĐÆŒÞ',
                'абвгдежзиклмнопрстуфхцчшщъыьэюяієґøłđæœþ'),
            'абвгдезиклмнопрстуфыэієґøłđıъь',
            'abvgdeziklmnoprstufyeiegoldi'),
        'ж', 'zh'), 'х', 'kh'), 'ц', 'ts'), 'ч', 'ch'), 'щ', 'shch'), 'ш', 'sh'), 'ю', 'yu'), 'я', 'ya'),
        'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe')),
    '[\u0001-\u002f\u003a-\u0060\u007b-\u00bf\u2000-\u206f]+', ' ', 'g'));

alter table customer
    add column search_text text not null
        generated always as (search_form(coalesce(name, '') || ' ' || coalesce(email, ''))) stored,
    add column search_words tsvector not null
        generated always as (
            to_tsvector('simple', search_form(coalesce(name, '') || ' ' || coalesce(email, '')))) stored,
    add column phone_digits text not null
        generated always as (regexp_replace(coalesce(phone, ''), '[^0-9]', '', 'g')) stored;
create index customer_words_ix on customer using gin (search_words);
create index customer_trigrams_ix on customer using gin (search_text gin_trgm_ops);
create index customer_phone_trigrams_ix on customer using gin (phone_digits gin_trgm_ops);

alter table property
    add column search_text text not null
        generated always as (search_form(address || ' ' || district)) stored,
    add column search_words tsvector not null
        generated always as (to_tsvector('simple', search_form(address || ' ' || district))) stored;
create index property_words_ix on property using gin (search_words);
create index property_trigrams_ix on property using gin (search_text gin_trgm_ops);

create index booking_property_ix on booking (property_id, starts_at);
