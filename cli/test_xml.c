/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pull reader for the XML that Python's ElementTree writes (XML 1.0): elements,
 * attributes, text, character and predefined entities, in UTF-8. Comments, CDATA,
 * processing instructions other than a first <?xml?>, document types and namespaces do
 * not occur there and are refused. Nesting, names and attributes are bounded.
 */
#include "suite.h"

#include <stdlib.h>
#include <string.h>

void
suite_xml_init(suite_xml *xml, char *text)
{
    memset(xml, 0, sizeof(*xml));
    xml->at = text;
    xml->line = 1;
}

static suite_xml_kind
bad(suite_xml *xml, const char *what)
{
    xml->text = what;
    return SUITE_XML_BAD;
}

static bool
is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static bool
is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

static void
skip_space(suite_xml *xml)
{
    for (; is_space(*xml->at); xml->at++)
        xml->line += *xml->at == '\n';
}

static bool
read_name(suite_xml *xml, char name[SUITE_XML_NAME])
{
    size_t size = 0;

    while (is_name(*xml->at)) {
        if (size + 1 == SUITE_XML_NAME)
            return false;
        name[size++] = *xml->at++;
    }
    name[size] = '\0';
    return size != 0;
}

static char *
put_utf8(char *to, unsigned long code)
{
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xC0 | (code >> 6));
        *to++ = (char)(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        *to++ = (char)(0xE0 | (code >> 12));
        *to++ = (char)(0x80 | ((code >> 6) & 0x3F));
        *to++ = (char)(0x80 | (code & 0x3F));
    } else {
        *to++ = (char)(0xF0 | (code >> 18));
        *to++ = (char)(0x80 | ((code >> 12) & 0x3F));
        *to++ = (char)(0x80 | ((code >> 6) & 0x3F));
        *to++ = (char)(0x80 | (code & 0x3F));
    }
    return to;
}

/* The entity at *from ("&...;"), written to *to; it is never longer than its name. */
static bool
resolve(char **from, char **to)
{
    static const struct {
        const char *name;
        char value;
    } known[] = {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}};
    char *end;
    unsigned long code;
    size_t i;

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        size_t size = strlen(known[i].name);

        if (strncmp(*from, known[i].name, size) == 0) {
            *(*to)++ = known[i].value;
            *from += size;
            return true;
        }
    }
    if (strncmp(*from, "&#", 2) != 0)
        return false;
    if ((*from)[2] == 'x')
        code = strtoul(*from + 3, &end, 16);
    else
        code = strtoul(*from + 2, &end, 10);
    if (*end != ';' || end - *from < 4 - ((*from)[2] != 'x') || code == 0 || code > 0x10FFFF)
        return false;
    *to = put_utf8(*to, code);
    *from = end + 1;
    return true;
}

/* Text up to `stop`, resolved in place; `at` then stands on `stop`. NULL: bad. */
static char *
read_text(suite_xml *xml, char stop)
{
    char *begin = xml->at;
    char *to = begin;
    char *from = begin;

    while (*from != stop) {
        if (*from == '\0' || (*from == '<' && stop != '<'))
            return NULL;
        xml->line += *from == '\n';
        if (*from == '&') {
            if (!resolve(&from, &to))
                return NULL;
        } else {
            *to++ = *from++;
        }
    }
    xml->at = from;
    *to = '\0'; /* this may be where `stop` was */
    return begin;
}

static bool
read_attribute(suite_xml *xml)
{
    unsigned count = xml->attribute_count;
    char quote;
    char *value;

    if (count == SUITE_XML_ATTRIBUTES || !read_name(xml, xml->attributes[count].name))
        return false;
    skip_space(xml);
    if (*xml->at != '=')
        return false;
    xml->at++;
    skip_space(xml);
    quote = *xml->at;
    if (quote != '"' && quote != '\'')
        return false;
    xml->at++;
    value = read_text(xml, quote);
    if (value == NULL)
        return false;
    xml->at++;
    xml->attributes[count].value = value;
    xml->attribute_count++;
    return true;
}

static suite_xml_kind
read_start(suite_xml *xml)
{
    xml->at++;
    xml->attribute_count = 0;
    if (!read_name(xml, xml->name))
        return bad(xml, "not an element");
    if (xml->depth == SUITE_XML_DEPTH)
        return bad(xml, "elements too deep");
    memcpy(xml->open[xml->depth], xml->name, SUITE_XML_NAME);
    for (;;) {
        skip_space(xml);
        if (*xml->at == '>' || *xml->at == '/')
            break;
        if (!read_attribute(xml))
            return bad(xml, "a bad attribute");
    }
    if (*xml->at == '/') {
        xml->closing = true;
        xml->at++;
    }
    if (*xml->at != '>')
        return bad(xml, "an element without an end");
    xml->at++;
    xml->depth++;
    return SUITE_XML_START;
}

static suite_xml_kind
read_end(suite_xml *xml)
{
    xml->at += 2;
    if (!read_name(xml, xml->name) || xml->depth == 0 ||
        strcmp(xml->name, xml->open[xml->depth - 1]) != 0)
        return bad(xml, "an end without its start");
    skip_space(xml);
    if (*xml->at != '>')
        return bad(xml, "a bad end");
    xml->at++;
    xml->depth--;
    return SUITE_XML_END;
}

static suite_xml_kind
read_characters(suite_xml *xml)
{
    xml->text = read_text(xml, '<');
    if (xml->text == NULL)
        return bad(xml, "a bad entity, or the text ends inside an element");
    xml->hidden = true;
    return SUITE_XML_TEXT;
}

/* Before the first element: white space and one <?xml ...?>. */
static bool
skip_prolog(suite_xml *xml)
{
    skip_space(xml);
    if (strncmp(xml->at, "<?xml ", 6) == 0) {
        char *end = strstr(xml->at, "?>");

        if (end == NULL)
            return false;
        xml->at = end + 2;
        skip_space(xml);
    }
    return *xml->at == '<';
}

suite_xml_kind
suite_xml_next(suite_xml *xml)
{
    if (xml->closing) {
        xml->closing = false;
        xml->depth--;
        memcpy(xml->name, xml->open[xml->depth], SUITE_XML_NAME);
        return SUITE_XML_END;
    }
    if (xml->hidden) {
        *xml->at = '<';
        xml->hidden = false;
    }
    if (xml->depth == 0) {
        skip_space(xml);
        if (xml->started)
            return *xml->at == '\0' ? SUITE_XML_DONE : bad(xml, "more after the last element");
        xml->started = true;
        if (!skip_prolog(xml))
            return bad(xml, "no element");
        return read_start(xml);
    }
    if (*xml->at != '<')
        return read_characters(xml);
    return xml->at[1] == '/' ? read_end(xml) : read_start(xml);
}

const char *
suite_xml_attribute(const suite_xml *xml, const char *name)
{
    unsigned i;

    for (i = 0; i < xml->attribute_count; i++) {
        if (strcmp(xml->attributes[i].name, name) == 0)
            return xml->attributes[i].value;
    }
    return NULL;
}
